package method_test

import (
	"strings"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
)

// goldenMethods makes the method of a reference case. Recipes are named after
// their data set and the year of their numbers ("head" is today).
var goldenMethods = map[string]func(c stepCase) method.Method{
	"MoCo": func(c stepCase) method.Method {
		return method.MoCo{Projector: c.projector(), Temperature: 0.1, Queue: c.Sizes.Bank,
			Momentum: c.momentum(0.99), Moves: c.moves(), Enqueue: method.EnqueueBetween}
	},
	"SimCLR": func(c stepCase) method.Method {
		return method.SimCLR{Projector: c.projector(), Temperature: 0.5}
	},
	"SimSiam": func(c stepCase) method.Method {
		return method.SimSiam{Projector: c.projector(), Predictor: c.predictor()}
	},
	"BarlowTwins": func(c stepCase) method.Method {
		return method.BarlowTwins{Projector: c.projector(), Lambda: 0.005, Unbiased: !c.isHead()}
	},
	"BYOL": func(c stepCase) method.Method {
		momentum := 0.99
		if c.moves() == 2 {
			momentum = 0.9
		}
		return method.BYOL{Projector: c.projector(), Predictor: c.predictor(), Momentum: c.momentum(momentum), Moves: c.moves()}
	},
	"DCL": func(c stepCase) method.Method {
		return method.DCL{Projector: c.projector(), Temperature: c.param("temperature", 0.1), Separate: !c.isHead()}
	},
	"NNCLR": func(c stepCase) method.Method {
		return method.NNCLR{Projector: c.projector(), Predictor: c.predictor(), Temperature: c.param("temperature", 0.5), Queue: c.Sizes.Bank}
	},
	"FastSiam": func(c stepCase) method.Method {
		return method.FastSiam{Projector: c.projector(), Predictor: c.predictor(), Full: max(4, len(c.Pixels.Views))}
	},
	"MoCoV3": func(c stepCase) method.Method {
		return method.MoCoV3{Projector: c.projector(), Predictor: c.predictor(), Temperature: c.param("temperature", 0.2), Momentum: c.momentum(0.99)}
	},
	"FroSSL": func(c stepCase) method.Method {
		return method.FroSSL{Projector: c.projector(), Full: max(2, len(c.Pixels.Views))}
	},
	"DCLW": func(c stepCase) method.Method {
		return method.DCLW{Projector: c.projector(), Temperature: c.param("temperature", 0.1), Sigma: c.param("sigma", 0.5), Separate: !c.isHead()}
	},
}

func (c stepCase) isHead() bool { return strings.HasSuffix(c.Recipe, "_head") }

func (c stepCase) is2021() bool { return strings.HasSuffix(c.Recipe, "_2021") }

func (c stepCase) moves() int {
	if c.is2021() {
		return 2
	}
	return 1
}

// param is a number of the loss, where the case has none the other one.
func (c stepCase) param(name string, otherwise float64) float64 {
	if v, ok := c.LossParams[name].(float64); ok {
		return v
	}
	return otherwise
}

func (c stepCase) projector() head.MLP {
	return mlp(c.Sizes.Projection, c.Sizes.Hidden, c.Sizes.Out)
}

func (c stepCase) predictor() head.MLP {
	return mlp(c.Sizes.Prediction, c.Sizes.PredHidden, c.Sizes.Out)
}

// mlp reads a head's description, such as "linear bn relu linear(bias)". What
// comes behind the first comma is a remark.
func mlp(text string, hidden, out int) head.MLP {
	text = strings.Replace(text, "(linear without bias)", "", 1)
	text = strings.Replace(text, "bn(no weight, no bias)", "plain", 1)
	text, _, _ = strings.Cut(text, ",")
	layers := strings.Split(text, "relu")
	last := layers[len(layers)-1]
	m := head.MLP{
		Layers: len(layers), Hidden: hidden, Out: out, OutNorm: head.NoNorm,
		BatchNorm: strings.Contains(layers[0], "bn"),
		AllBiases: strings.Contains(layers[0], "(bias) bn"),
	}
	switch {
	case strings.Contains(last, "bn"):
		m.OutNorm = head.AffineNorm
	case strings.Contains(last, "plain"):
		m.OutNorm = head.PlainNorm
	}
	return m
}

// network is the case's backbone.
func (c stepCase) network() backbone.Backbone {
	r := backbone.ResNet18()
	if strings.HasPrefix(c.Recipe, "imagenette") {
		r = backbone.ResNet18Large()
		r.FinalConv = c.is2021()
	} else if c.Method == "MoCo" {
		r.Splits = 8
	}
	r.Width = c.Width
	return r
}
