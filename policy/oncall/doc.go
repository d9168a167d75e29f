// Package oncall says who is on call at an instant, and when hours are open.
package oncall
