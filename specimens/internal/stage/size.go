package stage

import (
	"fmt"
	"strconv"
	"strings"
)

// size is a flag that reads 512MiB, 64k or a number of bytes. All prefixes are binary.
type size int

func (s *size) String() string { return fmt.Sprintf("%dMiB", int(*s)/MiB) }

func (s *size) Set(text string) error {
	digits := strings.TrimRight(text, "KMGTkmgtiBb")
	shifts := map[string]int{"": 0, "k": 10, "m": 20, "g": 30}
	shift, known := shifts[strings.TrimRight(strings.ToLower(text[len(digits):]), "ib")]
	number, err := strconv.Atoi(digits)
	if err != nil || !known || number <= 0 {
		return fmt.Errorf("%q is not a size such as 512MiB", text)
	}
	*s = size(number << shift)
	return nil
}
