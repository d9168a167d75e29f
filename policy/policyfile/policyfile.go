// Package policyfile reads policy documents from YAML and JSON files.
package policyfile

import "github.com/belfry-go/belfry/policy"

// Load reads the document at path.
func Load(path string) (*policy.Document, error) { return nil, nil }

// Parse reads a document from memory.
func Parse(name string, src []byte) (*policy.Document, error) { return nil, nil }

// Tree reads YAML or JSON into a neutral tree.
func Tree(name string, src []byte) (*policy.Node, error) { return nil, nil }
