package dump

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

type Row map[string]any

var ErrEmpty = errors.New("dump: empty row")

// Restore reads rows until the one that is wanted.
func Restore(r io.Reader, want string) (Row, error) {
	z, err := zstd.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("dump: %w", err)
	}
	rows := json.NewDecoder(z)
	for {
		var row Row
		if err := rows.Decode(&row); err == io.EOF {
			z.Close()
			return nil, io.EOF
		} else if err != nil {
			z.Close()
			return nil, err
		}
		if len(row) == 0 {
			return nil, ErrEmpty
		}
		if row["id"] == want {
			return row, nil
		}
	}
}
