package method_test

import (
	"cmp"
	"strings"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/schedule"
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
	"TiCo": func(c stepCase) method.Method {
		// Without a case there is no memory: from a covariance of 0 on, losses rise at first.
		return method.TiCo{Projector: c.projector(), Momentum: c.momentum(0.99),
			Beta: c.param("beta", 0), Rho: c.param("rho", 8), Through: !c.isHead(), Symmetric: c.param("symmetric", 0) == 1}
	},
	"VICReg": func(c stepCase) method.Method {
		return method.VICReg{Projector: c.projector(), Invariance: c.param("invariance", 25),
			Variance: c.param("variance", 25), Covariance: c.param("covariance", 1)}
	},
	"VICRegL": func(c stepCase) method.Method {
		return method.VICRegL{Projector: c.projector(), Local: c.localProjector(), Invariance: c.param("invariance", 25),
			Variance: c.param("variance", 25), Covariance: c.param("covariance", 1),
			LocalCovariance: c.param("local_covariance", 0.5), Global: c.param("alpha", 0.75), Matches: c.matches()}
	},
	"MoCoV3": func(c stepCase) method.Method {
		return method.MoCoV3{Projector: c.projector(), Predictor: c.predictor(), Temperature: c.param("temperature", 0.2), Momentum: c.momentum(0.99)}
	},
	"FroSSL": func(c stepCase) method.Method {
		return method.FroSSL{Projector: c.projector(), Full: max(2, len(c.Pixels.Views))}
	},
	"SMoG": func(c stepCase) method.Method {
		return method.SMoG{Projector: c.projector(), Predictor: c.predictor(), Groups: c.Sizes.Groups, Beta: c.param("beta", 0.99),
			Temperature: c.param("temperature", 0.1), Momentum: c.momentum(0.99), Queue: c.Sizes.Bank, Reset: c.ResetEvery}
	},
	"MSN": func(c stepCase) method.Method { return c.msn() },
	"PMSN": func(c stepCase) method.Method {
		return method.PMSN{MSN: c.msn(), Exponent: c.param("power_law_exponent", 0.25), Plain: c.Recipe == "imagenette_2023"}
	},
	"MAE": func(c stepCase) method.Method {
		return method.MAE{Decoder: c.decoder(), Masking: c.masking()}
	},
	"SimMIM": func(c stepCase) method.Method {
		return method.SimMIM{Masking: c.masking()}
	},
	"DINO": func(c stepCase) method.Method {
		p := c.projector()
		if c.Sizes.Bottleneck > 0 {
			p.Out = c.Sizes.Bottleneck
		}
		cold := c.param("warmup_teacher_temp", 0.04)
		temperature := schedule.Schedule{From: cold, To: c.param("teacher_temp", cold),
			Over: int(c.param("warmup_epochs", 30)), Shape: schedule.Linear, Per: schedule.Epoch}
		return method.DINO{Projector: p, Prototypes: c.Sizes.Out, Local: c.local(), Momentum: c.momentum(0.99),
			StudentTemperature: c.param("student_temp", 0.1), TeacherTemperature: temperature,
			CenterMomentum: c.param("center_momentum", 0.9), DrawTeacher: true}
	},
	"SwaV": func(c stepCase) method.Method { return c.swav() },
	"SwaVQueue": func(c stepCase) method.Method {
		queue := 8
		if len(c.Queues) > 0 {
			queue = c.Queues[0].Shape[0]
		}
		return method.SwaVQueue{SwaV: c.swav(), Queue: queue, QueueFrom: c.QueueFrom}
	},
	"All4One": func(c stepCase) method.Method {
		count := func(name string, otherwise int) int { return int(c.param(name, float64(otherwise))) }
		return method.All4One{Projector: c.projector(), Predictor: c.predictor(),
			Encoder:    head.Encoder{Depth: count("depth", 2), Heads: count("heads", 2), Hidden: count("encoder_hidden", 8), Dropout: c.param("dropout", 0)},
			Neighbours: count("neighbours", 5), Queue: c.Sizes.Bank, Momentum: c.momentum(0.99),
			Temperature: c.param("temperature", 0.2), CentroidTemperature: c.param("centroid_temperature", 0.1),
			Neighbour: c.param("neighbour", 0.5), Centroid: c.param("centroid", 0.5), Feature: c.param("feature", 5)}
	},
	"DCLW": func(c stepCase) method.Method {
		return method.DCLW{Projector: c.projector(), Temperature: c.param("temperature", 0.1), Sigma: c.param("sigma", 0.5), Separate: !c.isHead()}
	},
}

func init() { // UnMix has another of them for its base
	goldenMethods["UnMix"] = func(c stepCase) method.Method {
		return method.UnMix{Base: goldenMethods[cmp.Or(c.Base, "SimCLR")](c).(method.Mixer), Global: c.param("global", 0.5)}
	}
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

func (c stepCase) msn() method.MSN {
	return method.MSN{
		Projector: c.projector(), Prototypes: c.Sizes.Prototypes,
		Temperature: c.param("temperature", 0.1), Sharpen: c.param("sharpen", 0.25),
		Iterations: int(c.param("sinkhorn_iterations", 3)), Even: c.param("regularization_weight", 1),
		Momentum: c.momentum(0.99), Masking: c.masking(), DropLast: true, Small: max(2, len(c.Pixels.Views)-2),
	}
}

// local is how many small views a method has that sees two full ones.
func (c stepCase) local() int { return max(0, len(c.Pixels.Views)-2) }

func (c stepCase) swav() method.SwaV {
	return method.SwaV{Projector: c.projector(), Prototypes: max(c.Sizes.Prototypes, 8), Bias: true, Local: c.local(),
		Temperature: c.param("temperature", 0.1), Epsilon: c.param("epsilon", 0.05), Iterations: int(c.param("iterations", 3))}
}

func (c stepCase) projector() head.MLP {
	m := mlp(c.Sizes.Projection, c.Sizes.Hidden, c.Sizes.Out)
	m.SharedNorm = c.Sizes.SharedBN
	return m
}

func (c stepCase) localProjector() head.MLP {
	return mlp(c.Sizes.LocalProjection, c.Sizes.LocalHidden, c.Sizes.LocalOut)
}

// matches are how many pairs of cells are compared, by default 20 and 4.
func (c stepCase) matches() [2]int {
	matches := [2]int{20, 4}
	if list, ok := c.LossParams["matches"].([]any); ok {
		for i := range matches {
			matches[i] = int(list[i].(float64))
		}
	}
	return matches
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
	layers := strings.Split(strings.ReplaceAll(text, "gelu", "relu"), "relu")
	last := layers[len(layers)-1]
	m := head.MLP{
		Layers: len(layers), Hidden: hidden, Out: out, OutNorm: head.NoNorm,
		BatchNorm: strings.Contains(layers[0], "bn"), LayerNorm: strings.Contains(layers[0], " ln "),
		AllBiases: strings.Contains(layers[0], "(bias) bn"),
		GELU:      strings.Contains(text, "gelu"),
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
	if c.ViT != nil {
		return c.vit()
	}
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
