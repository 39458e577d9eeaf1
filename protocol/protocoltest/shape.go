package protocoltest

import "math"

type point struct{ x, y float64 }

// contour is a closed outline of cubic Bézier curves: a start, then three
// points a curve. A shape is what several contours enclose; one that runs the
// other way round cuts a hole.
type (
	contour []point
	shape   []contour
)

func from(x, y float64) contour { return contour{{x, y}} }

// line goes on in straight lines through the points.
func (c contour) line(xy ...float64) contour {
	for i := 0; i < len(xy); i += 2 {
		a, b := c[len(c)-1], point{xy[i], xy[i+1]}
		c = append(c, a, b, b)
	}
	return c
}

// smooth goes on in one curve through all the points, with a corner at its
// start and at its end.
func (c contour) smooth(xy ...float64) contour {
	knots := []point{c[len(c)-1]}
	for i := 0; i < len(xy); i += 2 {
		knots = append(knots, point{xy[i], xy[i+1]})
	}
	last := len(knots) - 1
	for i := range last {
		a, b := knots[i], knots[i+1]
		first, second := a, b
		if i > 0 {
			first = toward(a, knots[i-1], b, b)
		}
		if i+1 < last {
			second = toward(b, knots[i+2], a, a)
		}
		if i == 0 {
			first = point{(a.x + second.x) / 2, (a.y + second.y) / 2}
		}
		if i+1 == last {
			second = point{(b.x + first.x) / 2, (b.y + first.y) / 2}
		}
		c = append(c, first, second, b)
	}
	return c
}

// toward is the control point beside p on the curve that comes from back and
// goes to next, a third of the way to end.
func toward(p, back, next, end point) point {
	dx, dy := next.x-back.x, next.y-back.y
	k := math.Hypot(end.x-p.x, end.y-p.y) / (3 * math.Hypot(dx, dy))
	return point{p.x + dx*k, p.y + dy*k}
}

// loop is a closed curve without corners.
func loop(xy ...float64) contour {
	n := len(xy) / 2
	at := func(i int) point { i = (i + n) % n; return point{xy[2*i], xy[2*i+1]} }
	c := contour{at(0)}
	for i := range n {
		a, b := at(i), at(i+1)
		c = append(c, toward(a, at(i-1), b, b), toward(b, at(i+2), a, a), b)
	}
	return c
}

func (c contour) reverse() contour {
	out := make(contour, len(c))
	for i, p := range c {
		out[len(c)-1-i] = p
	}
	return out
}

func (s shape) each(move func(point) point) shape {
	out := make(shape, len(s))
	for i, c := range s {
		out[i] = make(contour, len(c))
		for j, p := range c {
			out[i][j] = move(p)
		}
	}
	return out
}

func oval(x, y, rx, ry float64) shape { return leaf(x, y, rx, ry, 0) }

// leaf is an oval turned by an angle.
func leaf(x, y, rx, ry, angle float64) shape {
	const k = .5523
	unit := shape{{{0, -1}, {k, -1}, {1, -k}, {1, 0}, {1, k}, {k, 1}, {0, 1}, {-k, 1}, {-1, k}, {-1, 0}, {-1, -k}, {-k, -1}, {0, -1}}}
	sin, cos := math.Sincos(angle)
	return unit.each(func(p point) point {
		return point{x + p.x*rx*cos - p.y*ry*sin, y + p.x*rx*sin + p.y*ry*cos}
	})
}

// brush is a stroke through the points with round ends, as wide as told at its
// start, its middle and its end.
func brush(start, middle, end float64, xy ...float64) shape {
	c := from(xy[0], xy[1]).smooth(xy[2:]...)
	const steps = 6
	var there, back []float64
	total := float64(len(c) / 3 * steps)
	var dx, dy, half float64
	for i := 0; i+3 < len(c); i += 3 {
		for j := range steps + 1 {
			if j == 0 && i > 0 {
				continue
			}
			t := float64(j) / steps
			u := 1 - t
			x := u*u*u*c[i].x + 3*u*u*t*c[i+1].x + 3*u*t*t*c[i+2].x + t*t*t*c[i+3].x
			y := u*u*u*c[i].y + 3*u*u*t*c[i+1].y + 3*u*t*t*c[i+2].y + t*t*t*c[i+3].y
			// A curve may start in its own control point, so look along it.
			tx := u*u*(c[i+1].x-c[i].x) + 2*u*t*(c[i+2].x-c[i+1].x) + t*t*(c[i+3].x-c[i+2].x)
			ty := u*u*(c[i+1].y-c[i].y) + 2*u*t*(c[i+2].y-c[i+1].y) + t*t*(c[i+3].y-c[i+2].y)
			if n := math.Hypot(tx, ty); n > 0 {
				dx, dy = tx/n, ty/n
			}
			s := (float64(i/3*steps) + float64(j)) / total
			half = (start*(1-s)*(1-2*s) + 4*middle*s*(1-s) + end*s*(2*s-1)) / 2
			if len(there) == 0 {
				there = append(there, x-dx*half, y-dy*half)
			}
			there = append(there, x-dy*half, y+dx*half)
			back = append(back, y-dx*half, x+dy*half)
		}
	}
	tip := c[len(c)-1]
	there = append(there, tip.x+dx*half, tip.y+dy*half)
	for i := len(back) - 1; i > 0; i -= 2 {
		there = append(there, back[i], back[i-1])
	}
	return shape{loop(there...)}
}
