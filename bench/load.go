package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	connections = 4
	maxRequests = 1_000_000
	sendTimeout = time.Minute
)

// runLoad sends requests to servers until standard input ends.
func runLoad() {
	commands{"send": func(args []string) (string, error) {
		if len(args) != 2 {
			return "", errors.New("want an address and a number of requests")
		}
		n, err := strconv.Atoi(args[1])
		if err != nil || n < 1 || n > maxRequests {
			return "", fmt.Errorf("%q requests, want 1 to %d", args[1], maxRequests)
		}
		return "", sendAll(args[0], n)
	}}.execute("")
}

// sendAll sends n requests on a few connections that are kept open. Each connection sends a request when it has read
// the response to the one before.
func sendAll(address string, n int) error {
	errs := make([]error, connections)
	var senders sync.WaitGroup
	for i := range connections {
		share := n / connections
		if i < n%connections {
			share++
		}
		senders.Go(func() { errs[i] = sendShare(address, share) })
	}
	senders.Wait()
	return errors.Join(errs...)
}

// sendShare sends n requests on one connection.
func sendShare(address string, n int) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(sendTimeout)); err != nil {
		return err
	}
	request := []byte("GET /users/7 HTTP/1.1\r\nHost: example.com\r\nUser-Agent: bench/1\r\n\r\n")
	responses := bufio.NewReader(conn)
	for range n {
		if _, err := conn.Write(request); err != nil {
			return err
		}
		response, err := http.ReadResponse(responses, nil)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, response.Body)
		if err = errors.Join(err, response.Body.Close()); err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("status %s, want 200", response.Status)
		}
	}
	return nil
}
