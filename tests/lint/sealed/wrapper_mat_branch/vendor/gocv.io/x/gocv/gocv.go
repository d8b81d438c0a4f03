// Package gocv holds the names of the binding, without OpenCV.
package gocv

import "image"

type IMReadFlag int

type InterpolationFlags int

type ColorConversionCode int

const (
	IMReadColor       IMReadFlag          = 1
	InterpolationArea InterpolationFlags  = 3
	ColorBGRToGray    ColorConversionCode = 6
)

type Mat struct{ p *int }

func NewMat() Mat { return Mat{new(int)} }

func IMRead(name string, flags IMReadFlag) Mat { return Mat{new(int)} }

func IMWrite(name string, img Mat) bool { return img.p != nil }

func Resize(src Mat, dst *Mat, sz image.Point, fx, fy float64, interp InterpolationFlags) {}
func CvtColor(src Mat, dst *Mat, code ColorConversionCode)                                {}
func AbsDiff(a, b Mat, dst *Mat)                                                          {}
func CountNonZero(src Mat) int                                                            { return 0 }

func (m *Mat) Close() error   { m.p = nil; return nil }
func (m *Mat) Empty() bool    { return m.p == nil }
func (m *Mat) Rows() int      { return 1 }
func (m *Mat) Cols() int      { return 1 }
func (m *Mat) CopyTo(to *Mat) {}
func (m *Mat) Clone() Mat     { return Mat{new(int)} }
