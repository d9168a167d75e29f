module github.com/belfry-go/belfry/policy/oncall/icalimport

go 1.26.0

require (
	github.com/arran4/golang-ical v0.3.4
	github.com/belfry-go/belfry v0.0.0
	github.com/teambition/rrule-go v1.8.2
)

replace github.com/belfry-go/belfry => ../../../
