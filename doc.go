// Package belfry is documentation.
package belfry
