// An HTTPS client and server for the tests: standard library only.
//
//	https client -ca CERT -keylog FILE -tls 1.2|1.3 [-marker M] [-put FILE] [-workers N -requests N] URL
//	https keep -ca CERT -keylog FILE -tls 1.2|1.3 URL
//	https stack -ca CERT -keylog FILE -tls 1.2|1.3 URL
//	https server -cert CERT -key KEY -keylog FILE -tls 1.2|1.3 -files DIR
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"unsafe"
)

var (
	ca       = flag.String("ca", "", "")
	cert     = flag.String("cert", "", "")
	key      = flag.String("key", "", "")
	keyLog   = flag.String("keylog", "", "")
	version  = flag.String("tls", "1.3", "")
	marker   = flag.String("marker", "", "")
	put      = flag.String("put", "", "")
	workers  = flag.Int("workers", 1, "")
	requests = flag.Int("requests", 1, "")
	files    = flag.String("files", "", "")
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func config() *tls.Config {
	log, err := os.OpenFile(*keyLog, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	check(err)
	number := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[*version]
	return &tls.Config{MinVersion: number, MaxVersion: number, KeyLogWriter: log}
}

// Asks once and returns the body.
func ask(client *http.Client, url, mark string) []byte {
	request, err := http.NewRequest("GET", url, nil)
	check(err)
	if *put != "" {
		content, err := os.ReadFile(*put)
		check(err)
		request, err = http.NewRequest("PUT", url, bytes.NewReader(content))
		check(err)
	}
	request.Header.Set("X-Marker", mark)
	response, err := client.Do(request)
	check(err)
	body, err := io.ReadAll(response.Body)
	check(err)
	response.Body.Close()
	if response.StatusCode >= 300 {
		check(fmt.Errorf("%s: %s", url, response.Status))
	}
	return body
}

func clientConfig() *tls.Config {
	pem, err := os.ReadFile(*ca)
	check(err)
	settings := config()
	settings.RootCAs = x509.NewCertPool()
	settings.RootCAs.AppendCertsFromPEM(pem)
	return settings
}

// Reads into a buffer on the goroutine's stack, and says whether the stack moved meanwhile.
func readOnStack(conn *tls.Conn) (got []byte, moved bool, err error) {
	var buffer [512]byte
	before := uintptr(unsafe.Pointer(&buffer))
	n, err := conn.Read(buffer[:])
	return append(got, buffer[:n]...), before != uintptr(unsafe.Pointer(&buffer)), err
}

// Asks once and reads the answer piece by piece, each in a goroutine of its own, which begins with a small stack.
func stack() {
	target, err := url.Parse(flag.Arg(0))
	check(err)
	conn, err := tls.Dial("tcp", target.Host, clientConfig())
	check(err)
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target.Path)
	moves := 0
	for ended := false; !ended; {
		done := make(chan bool)
		go func() {
			got, moved, err := readOnStack(conn)
			os.Stdout.Write(got)
			if moved {
				moves++
			}
			done <- err != nil
		}()
		ended = <-done
	}
	if moves == 0 {
		check(fmt.Errorf("no stack moved"))
	}
}

func client() {
	settings := clientConfig()
	var group sync.WaitGroup
	for i := 0; i < *workers; i++ {
		group.Add(1)
		go func(worker int) {
			defer group.Done()
			// A transport for each worker: a connection for each, kept for its requests.
			own := &http.Client{Transport: &http.Transport{TLSClientConfig: settings.Clone()}}
			for j := 0; j < *requests; j++ {
				mark := *marker
				if *workers > 1 {
					mark = fmt.Sprintf("%s-%d-%d-", *marker, worker, j)
				}
				body := ask(own, flag.Arg(0), mark)
				if *workers == 1 {
					os.Stdout.Write(body)
				}
			}
			own.CloseIdleConnections()
		}(i)
	}
	group.Wait()
}

// Asks over one connection, for each line of its input once, with the line as marker; in between it waits in Read. Prints the connection's port, then the answers.
func keep() {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		check(err)
		fmt.Println(conn.LocalAddr().(*net.TCPAddr).Port)
		return conn, nil
	}
	own := &http.Client{Transport: &http.Transport{TLSClientConfig: clientConfig(), DialContext: dial}}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Printf("%s\n", ask(own, flag.Arg(0), lines.Text()))
	}
}

func server() {
	pair, err := tls.LoadX509KeyPair(*cert, *key)
	check(err)
	settings := config()
	settings.Certificates = []tls.Certificate{pair}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	http.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
		name := filepath.Join(*files, filepath.Base(request.URL.Path))
		if request.Method != "PUT" {
			http.ServeFile(answer, request, name)
			return
		}
		content, err := io.ReadAll(request.Body)
		check(err)
		check(os.WriteFile(name, content, 0o600))
	})
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	check(http.Serve(tls.NewListener(listener, settings), nil))
}

func main() {
	mode := os.Args[1]
	check(flag.CommandLine.Parse(os.Args[2:]))
	map[string]func(){"client": client, "keep": keep, "stack": stack, "server": server}[mode]()
}
