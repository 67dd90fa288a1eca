package delivery

// OpenSpoolIn is OpenSpool in a directory that may be simulated.
var OpenSpoolIn = openSpool
