import Foundation

// Each kernel of the engine alone, on one core, beside reading and copying the same bytes:
//
//   bench-kernels kernels           what a pass over values, the quartiles and the store's chunks are made of
//   bench-kernels filters FILE      reads every dataset of an HDF5 file, decoding it, in bands of rows as high as a chunk
//
// Prints a line for each: name, nanoseconds of processor time, what for, and bytes, separated by tabs. `Tests/Bench/kernels.py` makes
// the file, runs this and the whole program, and puts what it prints side by side.

switch CommandLine.arguments.dropFirst().first {
case "kernels" where CommandLine.arguments.count == 2:
  let layer = SyntheticLayer(rows: 16_384, neurons: 4096, classes: 10)
  measureMemory(layer)
  measureConversions()
  measurePasses(layer)
  measureCodes(layer)
  measureChunks(layer)
  measureJudging()
  try measureLanes()
case "filters" where CommandLine.arguments.count == 3:
  try measureFilters(CommandLine.arguments[2])
default:
  exit(64)
}
