/* A stand-in for libnvidia-ml.so.1, so that the real binding can be tested without a GPU.
 *
 *   NVML_STUB_INIT     what nvmlInit returns (0 success, else a code of nvmlReturn_t), or `hang`: it never returns
 *   NVML_STUB_COUNT    what nvmlDeviceGetCount returns
 *   NVML_STUB_DRIVER   driver version, e.g. 550.54.14
 *   NVML_STUB_CUDA     CUDA driver version as NVML encodes it, e.g. 12040
 *   NVML_STUB_DEVICES  devices separated by ';', each NAME|MAJOR.MINOR|BYTES[|BRAND[|MIG[|ERROR]]]
 *
 * BRAND is a number of nvmlBrandType_t. MIG is `enabled/pending/instances`, empty where the card has no such mode.
 * ERROR is the code with which the device's handle is refused; with a `v` before it the handle is given and every value
 * is refused, as a card that fell off its bus does.
 *
 * Signatures and return codes: nvml.h of the NVIDIA driver (nvmlReturn_t).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int nvmlReturn_t;
typedef void *nvmlDevice_t;
typedef struct {
    unsigned long long total, free, used;
} nvmlMemory_t;

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7 };
enum { NAME, CAPABILITY, BYTES, BRAND, MIG, ERROR };

static const char *setting(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

static nvmlReturn_t copy(char *target, unsigned int length, const char *text) {
    if (strlen(text) >= length) return INSUFFICIENT_SIZE;
    strcpy(target, text);
    return SUCCESS;
}

/* Field `field` of device `index`; 0 where there is no such device. */
static int device_field(long index, int field, char *out, size_t size) {
    char all[4096];
    snprintf(all, sizeof all, "%s", setting("NVML_STUB_DEVICES", ""));
    char *rest = all, *device = NULL;
    for (long number = 0; number <= index; number++) {
        device = strsep(&rest, ";");
        if (!device || !*device) return 0;
    }
    char *part = NULL;
    for (int number = 0; number <= field; number++) part = strsep(&device, "|");
    snprintf(out, size, "%s", part ? part : "");
    return 1;
}

/* A handle is the device's number from 1, plus 1000 for each number of an instance from 1. */
static long number_of(nvmlDevice_t device) { return (long)(size_t)device % 1000 - 1; }
static long instance_of(nvmlDevice_t device) { return (long)(size_t)device / 1000 - 1; }

/* A value of a device, or the error that every value of it gives. */
static nvmlReturn_t value_of(nvmlDevice_t device, int field, char *out, size_t size) {
    char error[64];
    if (!device_field(number_of(device), ERROR, error, sizeof error)) return INVALID_ARGUMENT;
    if (error[0] == 'v') return atoi(error + 1);
    device_field(number_of(device), field, out, size);
    return SUCCESS;
}

static int mig_of(nvmlDevice_t device, int *enabled, int *pending, int *instances) {
    char text[256];
    if (value_of(device, MIG, text, sizeof text) != SUCCESS) return 0;
    return sscanf(text, "%d/%d/%d", enabled, pending, instances) == 3;
}

nvmlReturn_t nvmlInitWithFlags(unsigned int flags) {
    (void)flags;
    const char *code = setting("NVML_STUB_INIT", "0");
    while (strcmp(code, "hang") == 0) pause();
    return atoi(code);
}

nvmlReturn_t nvmlShutdown(void) { return SUCCESS; }

const char *nvmlErrorString(nvmlReturn_t code) {
    switch (code) {
    case 4: return "Insufficient Permissions";
    case 9: return "Driver Not Loaded";
    case 15: return "GPU is lost";
    case 18: return "Driver/library version mismatch";
    default: return "Unknown Error";
    }
}

nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned int length) {
    return copy(version, length, setting("NVML_STUB_DRIVER", "550.54.14"));
}

nvmlReturn_t nvmlSystemGetCudaDriverVersion_v2(int *version) {
    *version = atoi(setting("NVML_STUB_CUDA", "12040"));
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *count) {
    char name[256];
    *count = 0;
    while (device_field(*count, NAME, name, sizeof name)) (*count)++;
    return atoi(setting("NVML_STUB_COUNT", "0"));
}

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device) {
    char error[64];
    if (!device_field(index, ERROR, error, sizeof error)) return NOT_FOUND;
    if (error[0] && error[0] != 'v') return atoi(error);
    *device = (nvmlDevice_t)(size_t)(index + 1);
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned int length) {
    char text[256], whole[300];
    nvmlReturn_t code = value_of(device, NAME, text, sizeof text);
    if (code != SUCCESS) return code;
    snprintf(whole, sizeof whole, instance_of(device) >= 0 ? "%s MIG" : "%s", text);
    return copy(name, length, whole);
}

nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t device, int *major, int *minor) {
    char text[256];
    nvmlReturn_t code = value_of(device, CAPABILITY, text, sizeof text);
    if (code != SUCCESS) return code;
    return sscanf(text, "%d.%d", major, minor) == 2 ? SUCCESS : NOT_FOUND;
}

nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory) {
    char text[256];
    int enabled, pending, instances;
    nvmlReturn_t code = value_of(device, BYTES, text, sizeof text);
    if (code != SUCCESS) return code;
    memory->total = strtoull(text, NULL, 10);
    if (instance_of(device) >= 0 && mig_of(device, &enabled, &pending, &instances)) memory->total /= instances;
    memory->free = memory->total;
    memory->used = 0;
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetBrand(nvmlDevice_t device, unsigned int *brand) {
    char text[256];
    nvmlReturn_t code = value_of(device, BRAND, text, sizeof text);
    if (code != SUCCESS) return code;
    *brand = atoi(text);
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned int *current, unsigned int *pending) {
    int enabled, later, instances;
    if (!mig_of(device, &enabled, &later, &instances)) return NOT_SUPPORTED;
    *current = enabled;
    *pending = later;
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t device, unsigned int *count) {
    (void)device;
    *count = 7;
    return SUCCESS;
}

/* Instances sit at every second number, as instances of two slices do. */
nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t device, unsigned int index, nvmlDevice_t *instance) {
    int enabled, pending, instances;
    if (!mig_of(device, &enabled, &pending, &instances)) return NOT_SUPPORTED;
    if (index % 2 || (int)(index / 2) >= instances) return NOT_FOUND;
    *instance = (nvmlDevice_t)((size_t)device + 1000 * (index + 1));
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetPersistenceMode(nvmlDevice_t device, unsigned int *mode) {
    (void)device;
    *mode = 1;
    return SUCCESS;
}
