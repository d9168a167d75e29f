// Package gates has no code of its own. Its tests hold what many ask and change
// at once, on one node, to a model of what a gate is, by porcupine.
package gates
