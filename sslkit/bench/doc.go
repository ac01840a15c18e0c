// Package bench runs lightly's benchmarks: it chooses recipes by the names of
// their rows, runs them, keeps a record of each, and makes tables of records,
// beside what was published. The notebooks cifar10_benchmark and
// imagenette_benchmark are this package for one data set each.
//
// A [Plan] says which runs to make. [Run] makes those that have no [Record]
// yet, [Records] reads the records of a folder, [Markdown] makes the table of
// them, and [Shard] divides runs among machines. [Main] is all of that as a
// program.
package bench
