package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// secretsManagerEvent is what EventBridge delivers of AWS Secrets Manager: the
// CloudTrail record of a service event.
type secretsManagerEvent struct {
	Source string `json:"source"`
	Detail struct {
		EventTime           time.Time `json:"eventTime"`
		EventName           string    `json:"eventName"`
		ErrorMessage        string    `json:"errorMessage"`
		AdditionalEventData struct {
			SecretID string `json:"SecretId"`
		} `json:"additionalEventData"`
	} `json:"detail"`
}

// secretsManager reads RotationFailed and RotationSucceeded.
func secretsManager(payload []byte, inv inventory) (incoming, error) {
	var ev secretsManagerEvent
	if err := decode("secrets manager", payload, &ev); err != nil {
		return incoming{}, err
	}
	arn := ev.Detail.AdditionalEventData.SecretID
	if ev.Source != "aws.secretsmanager" || arn == "" {
		return incoming{}, fmt.Errorf("secrets manager: source %q, secret %q: not an event about a secret", ev.Source, arn)
	}
	s := incoming{
		At: ev.Detail.EventTime, By: policy.Service("secrets-manager"), Key: secretName(arn),
		What: "AWS Secrets Manager " + ev.Detail.EventName,
	}
	switch ev.Detail.EventName {
	case "RotationSucceeded":
		s.Outcome = "rotated"
	case "RotationFailed":
		s.Alert = inv.alert(arn, policy.RotationFailed)
		s.Alert.Key, s.Alert.Source = s.Key, ev.Source
		s.Alert.Severity = policy.SeverityHigh
		s.Alert.Summary = ev.Detail.ErrorMessage
	default:
		return incoming{}, fmt.Errorf("secrets manager: %s: %w", ev.Detail.EventName, errUnhandled)
	}
	return s, nil
}

// suffixLen is the length of what Secrets Manager adds to a name in an ARN: a
// dash and six characters.
const suffixLen = 7

// secretName is the name by which people know the secret behind an ARN.
func secretName(arn string) string {
	_, name, ok := strings.Cut(arn, ":secret:")
	if !ok {
		return arn
	}
	if cut := len(name) - suffixLen; cut > 0 && name[cut] == '-' {
		return name[:cut]
	}
	return name
}
