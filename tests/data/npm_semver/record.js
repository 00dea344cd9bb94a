// Records what npm's own `semver` says of ranges made up here: `npm install semver@7.8 && node record.js > recorded.json`.
const semver = require('semver')

let state = 20260
const random = () => { // xorshift: the same numbers on every machine
  state ^= state << 13; state ^= state >>> 17; state ^= state << 5
  return (state >>> 0) / 4294967296
}
const pick = (list) => list[Math.floor(random() * list.length)]
const number = () => pick(['0', '0', '1', '2', '3', '10', '16', '18', '20', '20', '21', '22'])
const stage = () => pick(['', '', '', '', '-rc.1', '-beta', '-alpha.1', '-nightly2023', '-0', '-1.2', '-x-y.7'])
const version = () => {
  const parts = [number(), number(), number()].slice(0, pick([1, 2, 3, 3]))
  if (pick([0, 0, 0, 0, 0, 1])) parts.push(pick(['x', '*', 'X']))
  const text = parts.slice(0, 3).join('.') + (parts.length === 3 ? stage() : '')
  return pick(['', '', '', '', '', 'v', '=', 'v ']) + text + pick(['', '', '', '', '', '', '', '', '+build.5'])
}
const comparator = () => pick(['', '', '^', '~', '~>', '>', '>=', '<', '<=', '=', '>=', '^']) + pick(['', '', ' ']) + version()
const odd = ['', '*', 'x', 'latest', 'lts/*', '>=18,<21', '||', '18 ||', '|| 20', '>', '<', '^', '~', '>=', '1.2.3.4', '01.2.3',
  'node', '>*', '<*', '>=*', '<=x', '1.x.3', '^1.x.3', '=>1', '> =1', '>=a', '1-2', '1 -2', 'v', '^v', '^ v1', '~>v1', '1||2',
  '^0', '^0.0', '^0.0.0', '~0', '1 - ', '9007199254740991.0.0', '9007199254740992', '\t>=1\n<2', '1 2', '>1 <1', '<0.0.0',
  '<0.0.0-0', '<0', '18 || 20', '16 - 18', '>18', '<=18', '^0.10.3', 'v20', '=20.1.0', '20.x.x', '>= 18 < 20']
const range = () => {
  const kind = pick([0, 1, 1, 1, 1, 1, 2, 2, 3])
  const text = kind === 0 ? version() + ' - ' + version() : kind === 3 ? comparator() + ' ' + comparator() : comparator()
  return kind === 2 ? text + pick(['||', ' || ']) + comparator() : text
}
const ranges = [...new Set([...odd, ...Array.from({ length: 320 }, range)])]
const versions = Array.from({ length: 32 }, () => [number(), number(), number()].join('.') + stage())
const answers = Object.fromEntries(ranges.map((one) => [one,
  semver.validRange(one) === null ? null : versions.filter((each) => semver.satisfies(each, one))]))
const valid = ranges.filter((one) => answers[one] !== null)
// `*` against a lone pre-release depends on the order of the two; such pairs tell nothing.
const pairs = Array.from({ length: 900 }, () => [pick(valid), pick(valid)])
  .filter(([one, two]) => semver.intersects(one, two) === semver.intersects(two, one))
  .filter((pair) => !pair.some((one) => semver.validRange(one) === '<0.0.0-0'))
  .map(([one, two]) => [one, two, semver.intersects(one, two)])
process.stdout.write(JSON.stringify({ semver: require('semver/package.json').version, versions, answers, pairs }) + '\n')
