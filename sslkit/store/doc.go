// Package store keeps the features of images in files that other tools read:
// Parquet for tables of any size, CSV for spreadsheets, NPY for NumPy. [Write]
// and [Read] choose the format by the name of the file. What is read equals what
// was written, to the bit.
package store
