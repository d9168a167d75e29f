package escalationtest

import "github.com/belfry-go/belfry/policy"

func scalar(text string) *policy.Node {
	return &policy.Node{Kind: policy.NodeString, Text: text, Line: 1, Column: 1}
}
