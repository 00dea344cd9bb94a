/* A stand-in for libnvidia-ml.so.1, so that the real binding can be tested without a GPU.
 *
 *   NVML_STUB_INIT     what nvmlInit returns (0 success, 9 driver not loaded, 18 library and kernel module differ, 4 no permission)
 *   NVML_STUB_DRIVER   driver version, e.g. 550.54.14
 *   NVML_STUB_CUDA     CUDA driver version as NVML encodes it, e.g. 12040
 *   NVML_STUB_DEVICES  devices separated by ';', each NAME|MAJOR.MINOR|BYTES
 *
 * Signatures and return codes: nvml.h of the NVIDIA driver (nvmlReturn_t).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int nvmlReturn_t;
typedef void *nvmlDevice_t;
typedef struct {
    unsigned long long total, free, used;
} nvmlMemory_t;

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7 };

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

nvmlReturn_t nvmlInitWithFlags(unsigned int flags) {
    (void)flags;
    return atoi(setting("NVML_STUB_INIT", "0"));
}

nvmlReturn_t nvmlShutdown(void) { return SUCCESS; }

const char *nvmlErrorString(nvmlReturn_t code) {
    switch (code) {
    case 4: return "Insufficient Permissions";
    case 9: return "Driver Not Loaded";
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
    while (device_field(*count, 0, name, sizeof name)) (*count)++;
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device) {
    char name[256];
    if (!device_field(index, 0, name, sizeof name)) return NOT_FOUND;
    *device = (nvmlDevice_t)(size_t)(index + 1);
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned int length) {
    char text[256];
    if (!device_field((long)(size_t)device - 1, 0, text, sizeof text)) return INVALID_ARGUMENT;
    return copy(name, length, text);
}

nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t device, int *major, int *minor) {
    char text[256];
    if (!device_field((long)(size_t)device - 1, 1, text, sizeof text)) return INVALID_ARGUMENT;
    return sscanf(text, "%d.%d", major, minor) == 2 ? SUCCESS : NOT_FOUND;
}

nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory) {
    char text[256];
    if (!device_field((long)(size_t)device - 1, 2, text, sizeof text)) return INVALID_ARGUMENT;
    memory->total = strtoull(text, NULL, 10);
    memory->free = memory->total;
    memory->used = 0;
    return SUCCESS;
}
