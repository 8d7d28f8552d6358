// A TLS server and client for the matrix of versions: standard library only.
//
//	pair server CERT KEY 1.2|1.3 PORT
//	pair client 1.2|1.3 PORT < REQUEST
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

func main() {
	if os.Args[1] == "server" {
		settings := config(os.Args[4])
		certificate, err := tls.LoadX509KeyPair(os.Args[2], os.Args[3])
		check(err)
		settings.Certificates = []tls.Certificate{certificate}
		listener, err := tls.Listen("tcp", "127.0.0.1:"+os.Args[5], settings)
		check(err)
		for {
			c, err := listener.Accept()
			check(err)
			go answer(c)
		}
	}
	request, err := ioutil.ReadAll(os.Stdin)
	check(err)
	c, err := tls.Dial("tcp", "127.0.0.1:"+os.Args[3], config(os.Args[2]))
	check(err)
	_, err = c.Write(request)
	check(err)
	_, err = io.Copy(os.Stdout, c)
	check(err)
	c.Close()
}
