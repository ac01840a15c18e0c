// Package sslkit is the tour of a library for self-supervised learning on
// images: a network learns from pictures without labels, and its features are
// judged by asking each test picture's nearest neighbours what it shows. There
// is no code here; the code is in the packages below, which stand on floors. A
// package imports lower floors only, so each can be read after those before it.
//
// Floor 1 stands on nothing else here. Package dataset reads, downloads and
// draws images, and holds them and their labels as bytes. Package device opens
// what computes: an NVIDIA GPU or the CPU through XLA, or GoMLX's pure-Go
// backend. Package embedding holds features of images, and finds what is alike,
// there twice or out of place. Package op has the graph operations that GoMLX
// lacks: matrix products with a cheap gradient, and random numbers that depend
// on nothing but a key. Package onnx is the ONNX format as Go types.
//
// Floor 2 are functions of graph nodes, without variables. Package augment
// draws the random views of a batch, on the device, inside the training step.
// Package loss holds the objectives as their papers write them. Package store
// keeps embeddings in files that other tools read.
//
// Floor 3 is package nn, where variables are born: scopes that name them, one
// flat vector that holds them, and the layers of convolutional networks. Beside
// it package feed brings a program its images, which lie on the device or stream
// to it.
//
// Floor 4 builds with them. Package backbone holds the networks whose features
// one wants, head the small networks between features and loss, and optim the
// update of the parameters and its schedule.
//
// Floor 5 gives all of it a purpose. Package method turns views into a training
// loss, a type for each published method. Package eval embeds images,
// classifies them by their nearest neighbours, and fits linear probes.
//
// Floor 6 is package recipe: a recipe is a plain value that decides every
// number of a run, from the data set to the last hyperparameter.
//
// Floor 7 is package train, which compiles a recipe into one step, drives its
// epochs and keeps the run's folder, from which a stopped run goes on.
//
// Floor 8 is package show, which puts progress, curves and pictures into a
// notebook: images and their views, nearest neighbours, confusion matrices, maps
// of an embedding. Beside it package pretrained takes a backbone out of a run or a
// file, embeds images with it, and hands it to PyTorch and ONNX.
//
// Floor 9 is package bench: it runs the recipes of published tables, keeps a
// record of each run, and makes tables of records.
//
// Floor 10 is the command cmd/sslkit, which does with trained backbones what
// needs no Go: it carries them to other tools, embeds images with them, and asks
// package embedding about those.
package sslkit
