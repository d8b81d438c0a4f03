package checks

import "fmt"

type Check struct {
	Name string
	Run  func() error
}

// All runs the checks side by side and gives the first error.
func All(list []Check) error {
	errs := make(chan error)
	for _, c := range list {
		go func() {
			if err := c.Run(); err != nil {
				errs <- fmt.Errorf("%s: %w", c.Name, err)
				return
			}
			errs <- nil
		}()
	}
	for range list {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}
