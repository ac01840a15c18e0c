// Package sslkit is the tour of a library for self-supervised learning on
// images: a network learns from pictures without labels, and its features are
// judged by asking each test picture's nearest neighbours what it shows. There
// is no code here; the code is in the packages below, which stand on four
// storeys. A package imports its own storey and lower ones.
//
// The storey of data stands on nothing else here, and needs no GoMLX. Package
// dataset reads, downloads and draws images, and holds them and their labels as
// bytes. Package embedding holds features of images, and finds what is alike,
// there twice or out of place. Package store keeps embeddings in files that
// other tools read. Package onnx is the ONNX format as Go types.
//
// The storey of graphs holds what compiled programs are made of. Package device
// opens what computes: an NVIDIA GPU or the CPU through XLA, or GoMLX's pure-Go
// backend; and it plans what programs take on a GPU that is not there. Package op
// has the graph operations that GoMLX lacks: matrix products with a cheap gradient,
// and random numbers that depend on nothing but a key.
// Package augment draws the random views of a batch, on the device, inside the
// training step. Package loss holds the objectives as their papers write them.
// Variables are born in package nn: scopes that name them, one flat vector that
// holds them, and the layers of convolutional networks. Package feed brings a
// program its images, which lie on the device or stream to it. Package schedule
// holds numbers that change while a run trains, and package optim the update of the
// parameters.
//
// The storey of models builds with them. Package backbone holds the networks
// whose features one wants, and head the small networks between features and
// loss. Package method turns views into a training loss, a type for each
// published method.
//
// The storey of work is what people call. A recipe, of package recipe, is a
// plain value that decides every number of a run, from the data set to the last
// hyperparameter. Package train compiles a recipe into one step, drives its
// epochs and keeps the run's folder, from which a stopped run goes on. Package
// eval embeds images, classifies them by their nearest neighbours, fits linear
// probes, and measures whatever else comparisons quote. Package show puts
// progress, curves and pictures into a notebook: images and their views, nearest
// neighbours, confusion matrices, maps of an embedding. Package pretrained takes
// a backbone out of a run or a file, embeds images with it, and hands it to
// PyTorch and ONNX. Package bench runs the recipes of published tables, keeps a
// record of each run, and makes tables of records. The command cmd/sslkit does
// with trained backbones what needs no Go: it carries them to other tools,
// embeds images with them, and asks package embedding about those.
package sslkit
