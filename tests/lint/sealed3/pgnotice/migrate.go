package pgnotice

import "fmt"

// Migrate runs the steps over a connection of its own and logs the notices.
func Migrate(info string, steps []string, logf func(string, ...any)) error {
	c, err := Connect(info)
	if err != nil {
		return err
	}
	defer c.Close()
	for i, step := range steps {
		said, err := c.Exec(step)
		for _, line := range said {
			logf("step %d: %s", i, line)
		}
		if err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return nil
}
