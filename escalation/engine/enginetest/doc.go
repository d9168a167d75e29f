// Package enginetest is the contract of actions in executable form: [RunAction]
// tries one, and whatever it can do beyond its one method, against what
// [engine.Action] and its upgrades promise. A test of an adapter is then
//
//	func TestDisable(t *testing.T) {
//		enginetest.RunAction(t, func(t testing.TB) enginetest.Fixture {
//			iam := newFakeIAM("svc")
//			return enginetest.Fixture{
//				Action: disable{iam}, Subjects: []engine.Subject{{ID: "svc", CredentialVersion: "1"}},
//				Read: iam.dump, Touch: func() { iam.rename("svc") },
//			}
//		})
//	}
package enginetest
