package motion

import "gocv.io/x/gocv"

type Detector struct {
	prev, diff gocv.Mat
	seen       int
}

func New() *Detector { return &Detector{prev: gocv.NewMat(), diff: gocv.NewMat()} }

// Moved says whether a frame differs from the one before.
func (d *Detector) Moved(frame gocv.Mat) bool {
	gray := gocv.NewMat()
	defer gray.Close()
	gocv.CvtColor(frame, &gray, gocv.ColorBGRToGray)
	if d.seen++; d.seen == 1 {
		gray.CopyTo(&d.prev)
		return false
	}
	gocv.AbsDiff(d.prev, gray, &d.diff)
	gray.CopyTo(&d.prev)
	return gocv.CountNonZero(d.diff) > 100
}

func (d *Detector) Close() error {
	d.diff.Close()
	return d.prev.Close()
}

func Count(files []string) (n int) {
	d := New()
	defer d.Close()
	for _, f := range files {
		img := gocv.IMRead(f, gocv.IMReadColor)
		if img.Empty() {
			img.Close()
			continue
		}
		if d.Moved(img) {
			n++
		}
		img.Close()
	}
	return n
}
