// Package delivery gets spans out: queue, encode, send, split, retry, account.
package delivery
