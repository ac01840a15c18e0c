package nn

import (
	"math"
	"math/rand/v2"
	"slices"
)

// An Init fills a new variable. The key selects the random numbers.
type Init func(values []float64, key uint64)

// Constant fills with one value.
func Constant(c float64) Init {
	return func(values []float64, _ uint64) {
		for i := range values {
			values[i] = c
		}
	}
}

// UniformFanIn draws from ±1/√fanIn, PyTorch's default for convolutions and
// dense layers, weights and biases alike (Kaiming uniform with a = √5).
func UniformFanIn(fanIn int) Init {
	bound := 1 / math.Sqrt(float64(fanIn))
	return func(values []float64, key uint64) {
		random := rand.New(rand.NewPCG(key, 0))
		for i := range values {
			values[i] = (2*random.Float64() - 1) * bound
		}
	}
}

// Xavier draws from ±√(6/(fanIn+fanOut)), as transformers start (Xavier uniform).
func Xavier(fanIn, fanOut int) Init {
	bound := math.Sqrt(6 / float64(fanIn+fanOut))
	return func(values []float64, key uint64) {
		random := rand.New(rand.NewPCG(key, 0))
		for i := range values {
			values[i] = (2*random.Float64() - 1) * bound
		}
	}
}

// NormalFanOut is [Normal] with deviation √(2/fanOut), which torchvision's ResNets
// take for convolutions (Kaiming normal, fan out).
func NormalFanOut(fanOut int) Init { return Normal(math.Sqrt(2 / float64(fanOut))) }

// Normal draws from a normal distribution of mean 0.
func Normal(deviation float64) Init {
	return func(values []float64, key uint64) {
		random := rand.New(rand.NewPCG(key, 0))
		for i := range values {
			values[i] = random.NormFloat64() * deviation
		}
	}
}

// UnitRows draws rows of dim numbers, each row a random direction of length 1.
func UnitRows(dim int) Init {
	return func(values []float64, key uint64) {
		random := rand.New(rand.NewPCG(key, 0))
		for row := range slices.Chunk(values, dim) {
			squares := 0.0
			for i := range row {
				row[i] = random.NormFloat64()
				squares += row[i] * row[i]
			}
			for i := range row {
				row[i] /= math.Sqrt(squares)
			}
		}
	}
}
