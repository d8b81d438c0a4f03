// Pairs of versions and how golang.org/x/mod/semver and go/version order them: kind, one, other, order.
package main

import (
	"fmt"
	"go/version"
	"math/rand"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/semver"
)

var random *rand.Rand

func pick(texts ...string) string { return texts[random.Intn(len(texts))] }

func number() string {
	return pick("0", "1", "2", "9", "10", "11", "21", "22", "100", "99999999999999999999999", "01", "")
}

func pseudo() string {
	return pick("", "0.", "rc.1.0.", "pre.0.") + pick("20180208164821", "20240101000000", "20240101000001") + "-" + pick("0123456789ab", "abcdef012345")
}

func module() string {
	text := "v" + pick("0", "1", "1", "2", "10")
	for i := 0; i < random.Intn(3)+random.Intn(2); i++ {
		text += "." + number()
	}
	switch random.Intn(5) {
	case 0:
		text += "-" + pseudo()
	case 1, 2:
		parts := []string{}
		for i := 0; i <= random.Intn(3); i++ {
			parts = append(parts, pick("rc", "rc1", "beta", "alpha", "0", "1", "2", "10", "01", "a-b", "-", "", "x9", "9x", "RC"))
		}
		text += "-" + strings.Join(parts, ".")
	}
	return text + pick("", "", "", "+incompatible", "+meta.7", "+", "+a_b")
}

func toolchain() string {
	text := "go1." + pick("4", "9", "20", "21", "21", "22", "23", "021", "")
	switch random.Intn(3) {
	case 0:
		text += "." + number()
	case 1:
		text += pick("rc", "beta", "alpha", "r", "Rc") + pick("1", "2", "10", "0", "01", "")
	}
	return text + pick("", "", "", "-custom", "-rc.2", ".1")
}

func main() {
	seed, _ := strconv.ParseInt(os.Args[1], 10, 64)
	pairs, _ := strconv.Atoi(os.Args[2])
	random = rand.New(rand.NewSource(seed))
	for i := 0; i < pairs; i++ {
		if i%3 < 2 {
			a, b := module(), module()
			if i%9 == 0 {
				b = a
			}
			fmt.Printf("module\t%s\t%s\t%d\n", a, b, semver.Compare(a, b))
		} else {
			a, b := toolchain(), toolchain()
			fmt.Printf("go\t%s\t%s\t%d\n", a, b, version.Compare(a, b))
		}
	}
}
