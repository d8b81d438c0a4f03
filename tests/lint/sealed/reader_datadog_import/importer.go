package importer

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/DataDog/zstd"
)

type Row []string

// File reads a compressed table.
func File(path string, columns int) ([]Row, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z := zstd.NewReader(f)
	lines := bufio.NewScanner(z)
	var rows []Row
	for lines.Scan() {
		row := strings.Split(lines.Text(), "\t")
		if len(row) != columns {
			return nil, fmt.Errorf("%s: %d columns, not %d", path, len(row), columns)
		}
		rows = append(rows, row)
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return rows, lines.Err()
}
