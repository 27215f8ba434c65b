// Package api is the contract between hubd and its clients: the Varlink
// interface com.leadmaster.hub (com.leadmaster.hub.varlink beside this file),
// the Go types of its parameters, its errors, and a client.
//
// hubctl knows hubd only through this package. The interface file is the
// source of truth; a test holds it and the Go types together.
//
// The package starts no goroutine of its own.
package api

import _ "embed" // the interface file

// Description is the interface file of com.leadmaster.hub.
//
//go:embed com.leadmaster.hub.varlink
var Description string
