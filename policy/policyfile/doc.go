// Package policyfile reads policy documents from YAML and JSON, in files or in
// memory. It is the only package of the module that knows YAML; everything it
// reads becomes the neutral tree of [policy.Node], so that a document means the
// same in both.
//
// What YAML adds to JSON is taken with care. Aliases are followed and merge
// keys applied, within [policy.MaxNodes] values, so that a document of a few
// bytes cannot grow into gigabytes; tags other than those of plain scalars,
// names that are not texts, several documents in one file and names that stand
// twice are errors. There is no `yes` or `on`: only true and false are bools.
//
// A directory may stand in a file of its own, given beside the policies or
// named by them:
//
//	doc, err := policyfile.Load("policies.yaml", "directory.yaml")
//
//	# policies.yaml
//	version: 1
//	directory: directory.yaml   # relative to this file
//	policies: […]
//
//	# directory.yaml
//	version: 1
//	directory: {people: {alice: {}}}
package policyfile
