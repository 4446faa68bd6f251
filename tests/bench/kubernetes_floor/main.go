// floor CREDENTIALS FILE: what it takes at least to bring objects to an API server. Server-side apply of each object of FILE (a JSON list),
// the namespace first, then all others with 32 in flight on one HTTP/2 connection. CREDENTIALS is JSON: server, and the files ca, certificate
// and key. Prints the processor seconds that it took.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
)

const inFlight = 32

type credentials struct{ Server, Ca, Certificate, Key string }

type object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string
	Metadata   struct{ Name, Namespace string }
	raw        json.RawMessage
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func read(path string, into any) {
	text, err := os.ReadFile(path)
	check(err)
	check(json.Unmarshal(text, into))
}

func connect(with credentials) *http.Client {
	pair, err := tls.LoadX509KeyPair(with.Certificate, with.Key)
	check(err)
	authority, err := os.ReadFile(with.Ca)
	check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	return &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots}}}
}

// Every kind that is sent here has a regular plural but two.
func plural(kind string) string {
	name := strings.ToLower(kind)
	switch {
	case strings.HasSuffix(name, "y"):
		return strings.TrimSuffix(name, "y") + "ies"
	case strings.HasSuffix(name, "s"):
		return name + "es"
	}
	return name + "s"
}

func (o object) path() string {
	root := "/apis/" + o.APIVersion
	if o.APIVersion == "v1" {
		root = "/api/v1"
	}
	if o.Metadata.Namespace != "" {
		root += "/namespaces/" + o.Metadata.Namespace
	}
	return root + "/" + plural(o.Kind) + "/" + o.Metadata.Name + "?fieldManager=floor&force=true"
}

func apply(client *http.Client, server string, o object) {
	request, err := http.NewRequest("PATCH", server+o.path(), bytes.NewReader(o.raw))
	check(err)
	request.Header.Set("Content-Type", "application/apply-patch+yaml")
	request.Header.Set("User-Agent", "floor")
	answer, err := client.Do(request)
	check(err)
	defer answer.Body.Close()
	said, _ := io.ReadAll(answer.Body)
	if answer.StatusCode > 299 {
		check(fmt.Errorf("%s: %s %s", o.path(), answer.Status, said))
	}
}

func main() {
	var with credentials
	read(os.Args[1], &with)
	var texts []json.RawMessage
	read(os.Args[2], &texts)
	client := connect(with)
	var rest []object
	for _, text := range texts {
		o := object{raw: text}
		check(json.Unmarshal(text, &o))
		if o.Kind == "Namespace" {
			apply(client, with.Server, o)
		} else {
			rest = append(rest, o)
		}
	}
	queue := make(chan object)
	var workers sync.WaitGroup
	for i := 0; i < inFlight; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for o := range queue {
				apply(client, with.Server, o)
			}
		}()
	}
	for _, o := range rest {
		queue <- o
	}
	close(queue)
	workers.Wait()
	var used syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	fmt.Println(float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9)
}
