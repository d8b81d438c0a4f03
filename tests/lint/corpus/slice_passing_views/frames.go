package frames

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
)

var ErrBroken = errors.New("frames: broken")

// File holds a whole file and gives views into it.
type File struct {
	raw   []byte
	index [][]byte
}

func Open(path string) (*File, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := &File{raw: raw}
	for rest := raw; len(rest) > 0; {
		if len(rest) < 8 {
			return nil, ErrBroken
		}
		n := int(binary.LittleEndian.Uint32(rest))
		sum := binary.LittleEndian.Uint32(rest[4:])
		if len(rest) < 8+n || crc32.ChecksumIEEE(rest[8:8+n]) != sum {
			return nil, ErrBroken
		}
		f.index = append(f.index, rest[8:8+n])
		rest = rest[8+n:]
	}
	return f, nil
}

func (f *File) Frame(i int) []byte { return f.index[i] }

func (f *File) Size() int { return len(f.raw) }

// Magic is compared and forgotten.
func Magic(path string) (bool, error) {
	raw, err := os.ReadFile(path)
	if err != nil || len(raw) < 4 {
		return false, err
	}
	head := raw[:4]
	return string(head) == "FRMS", nil
}
