package banner

import (
	"bufio"
	"net"
	"time"
)

// Read gives the greeting line of a mail server.
func Read(addr string) (string, error) {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return "", err
	}
	if err := conn.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return "", err
	}
	return line, nil
}

func All(addrs []string) map[string]string {
	out := make(map[string]string)
	for _, a := range addrs {
		if line, err := Read(a); err == nil {
			out[a] = line
		}
	}
	return out
}
