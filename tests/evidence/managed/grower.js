// Keeps buffers and objects; prints process.memoryUsage() the ways people do.
const v8 = require('v8');
const kept = [];
for (let round = 0; round < 3; round++) {
  for (let i = 0; i < 20; i++) kept.push(Buffer.alloc(500_000, 1), new Array(10_000).fill({}));
  const usage = process.memoryUsage();
  console.log(usage);
  console.log(JSON.stringify(usage));
  const words = {};
  for (const key in usage) words[key] = `${(usage[key] / 1024 / 1024).toFixed(2)} MB`;
  console.log(JSON.stringify(words, null, 2));
}
console.log(v8.getHeapStatistics());
