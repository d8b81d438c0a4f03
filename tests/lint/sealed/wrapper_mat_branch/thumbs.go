package thumbs

import (
	"errors"
	"image"

	"gocv.io/x/gocv"
)

var ErrEmpty = errors.New("thumbs: no picture")

// Write makes a small picture of a large one.
func Write(in, out string, width int) error {
	src := gocv.IMRead(in, gocv.IMReadColor)
	defer src.Close()
	if src.Empty() {
		return ErrEmpty
	}
	dst := gocv.NewMat()
	gocv.Resize(src, &dst, image.Pt(width, width*src.Rows()/src.Cols()), 0, 0, gocv.InterpolationArea)
	if !gocv.IMWrite(out, dst) {
		return errors.New("thumbs: cannot write " + out)
	}
	return dst.Close()
}
