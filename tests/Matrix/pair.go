// A TLS server and client for the matrix of versions: standard library only.
//
//	pair server CERT KEY 1.2|1.3 PORT
//	pair client 1.2|1.3 PORT < REQUEST
//	pair echo CERT KEY 1.2|1.3 PORT
//	pair keep 1.2|1.3 PORT KEYLOG < LINES
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"io/ioutil"
	"net"
	"os"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func config(version string) *tls.Config {
	number := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[version]
	return &tls.Config{MinVersion: number, MaxVersion: number, InsecureSkipVerify: true}
}

func answer(c net.Conn) {
	buffer := make([]byte, 4096)
	if n, _ := c.Read(buffer); n > 0 {
		c.Write([]byte("HTTP/1.0 200 OK\r\n\r\nanswer\n"))
	}
	c.Close()
}

func echo(c net.Conn) {
	io.Copy(c, c)
	c.Close()
}

func connect(settings *tls.Config) net.Conn {
	c, err := tls.Dial("tcp", "127.0.0.1:"+os.Args[3], settings)
	check(err)
	return c
}

// Sends line by line and prints what comes back, over one connection.
func keep() {
	settings := config(os.Args[2])
	log, err := os.OpenFile(os.Args[4], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	check(err)
	settings.KeyLogWriter = log
	c := connect(settings)
	go io.Copy(os.Stdout, c)
	_, err = io.Copy(c, os.Stdin)
	check(err)
}

func main() {
	if os.Args[1] == "keep" {
		keep()
		return
	}
	if os.Args[1] != "client" {
		settings := config(os.Args[4])
		certificate, err := tls.LoadX509KeyPair(os.Args[2], os.Args[3])
		check(err)
		settings.Certificates = []tls.Certificate{certificate}
		listener, err := tls.Listen("tcp", "127.0.0.1:"+os.Args[5], settings)
		check(err)
		for {
			c, err := listener.Accept()
			check(err)
			go map[string]func(net.Conn){"server": answer, "echo": echo}[os.Args[1]](c)
		}
	}
	request, err := ioutil.ReadAll(os.Stdin)
	check(err)
	c := connect(config(os.Args[2]))
	_, err = c.Write(request)
	check(err)
	_, err = io.Copy(os.Stdout, c)
	check(err)
	c.Close()
}
