package dataset

import "math"

// A form is a figure in the plane, x to the right and y down, about the size
// of the unit disc. It returns the signed distance from (x, y) to its outline,
// negative inside; far from the outline and around corners the distance may be
// an underestimate, which antialiasing does not notice.
type form func(x, y float64) float64

// formReach is the distance from the origin beyond which no form has a point.
const formReach = 1.2

// forms are the classes of [Shapes]. No two agree after a rotation, a mirror
// image, a shift or a change of size.
var forms = []struct {
	name string
	form form
}{
	{"disc", disc},
	{"ring", ring},
	{"square", square},
	{"triangle", triangle},
	{"cross", cross},
	{"star", star},
	{"crescent", crescent},
	{"heart", heart},
	{"bowtie", bowtie},
	{"bars", bars},
}

// formNames are the names of the classes.
func formNames() []string {
	names := make([]string, len(forms))
	for class, f := range forms {
		names[class] = f.name
	}
	return names
}

func disc(x, y float64) float64 { return math.Sqrt(x*x+y*y) - 0.88 }

func ring(x, y float64) float64 { return math.Abs(math.Sqrt(x*x+y*y)-0.72) - 0.21 }

func square(x, y float64) float64 { return box(x, y, 0.78, 0.78) }

// triangle is equilateral: three half planes, each at distance 0.55.
func triangle(x, y float64) float64 {
	y -= 0.15 // the middle of its height, not its centroid, is at the origin
	return math.Max(y, 0.5*math.Sqrt(3)*math.Abs(x)-0.5*y) - 0.55
}

func cross(x, y float64) float64 {
	return math.Min(box(x, y, 0.95, 0.29), box(x, y, 0.29, 0.95))
}

// star has five points. Folding the plane into one half of one point leaves a
// single edge, from the tip at radius outer to the notch at radius inner.
func star(x, y float64) float64 {
	const (
		outer, inner = 1.06, 0.46
		wedge        = 2 * math.Pi / 5
	)
	r := math.Sqrt(x*x + y*y)
	angle := math.Atan2(x, -y) // 0 at the upper tip
	angle = math.Abs(angle - wedge*math.Round(angle/wedge))
	px, py := r*math.Sin(angle), r*math.Cos(angle)
	notchX, notchY := inner*math.Sin(wedge/2), inner*math.Cos(wedge/2)
	edgeX, edgeY := notchX, notchY-outer
	length := math.Sqrt(edgeX*edgeX + edgeY*edgeY)
	return (edgeX*(py-outer) - edgeY*px) / length
}

// crescent is a disc less a smaller one that is shifted to the right.
func crescent(x, y float64) float64 {
	x -= 0.15
	bite := math.Sqrt((x-0.42)*(x-0.42)+y*y) - 0.68
	return math.Max(math.Sqrt(x*x+y*y)-0.95, -bite)
}

// heart is two discs over a square that stands on a corner.
func heart(x, y float64) float64 {
	const (
		half = 0.53 // half a side of the square; the discs have the same radius
		side = half * math.Sqrt2
	)
	y -= 0.05
	x = math.Abs(x)
	// In the square's own axes u and v its lower corner is at (half, half).
	u, v := (x+y)/math.Sqrt2, (y-x)/math.Sqrt2
	lobe := math.Sqrt((x-side/2)*(x-side/2)+(y+side/2)*(y+side/2)) - half
	return math.Min(lobe, box(u, v, half, half))
}

// bowtie is two triangles that meet at the origin.
func bowtie(x, y float64) float64 {
	const slope = 0.8
	side := (math.Abs(y) - slope*math.Abs(x) - 0.05) / math.Sqrt(1+slope*slope)
	return math.Max(side, math.Abs(x)-0.9)
}

// bars is two parallel bars.
func bars(x, y float64) float64 { return box(x, math.Abs(y)-0.5, 0.88, 0.25) }

// box is a rectangle around the origin, with half its sides' lengths.
func box(x, y, halfWidth, halfHeight float64) float64 {
	return math.Max(math.Abs(x)-halfWidth, math.Abs(y)-halfHeight)
}
