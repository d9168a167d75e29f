package faket

import "testing"

func TestObserve(t *testing.T) {
	tests := []struct {
		name string
		body func(t testing.TB)
		want Result
	}{
		{"silent", func(testing.TB) {}, Result{}},
		{"logs", func(t testing.TB) { t.Log("a", 1); t.Logf("%q", "b") }, Result{Log: "a 1\n\"b\"\n"}},
		{"errors and goes on", func(t testing.TB) { t.Error("a"); t.Errorf("%d", 1) }, Result{Failed: true, Log: "a\n1\n"}},
		{"fails and goes on", func(t testing.TB) {
			t.Fail()
			if t.Failed() {
				t.Log("failed")
			}
		}, Result{Failed: true, Log: "failed\n"}},
		{"stops", func(t testing.TB) { t.Fatal("a"); t.Log("b") }, Result{Failed: true, Stopped: true, Log: "a\n"}},
		{"stops with format", func(t testing.TB) { t.Fatalf("%d", 1); t.Log("b") }, Result{Failed: true, Stopped: true, Log: "1\n"}},
		{"stops silently", func(t testing.TB) { t.FailNow(); t.Log("b") }, Result{Failed: true, Stopped: true}},
		{"cleans up, the last first", func(t testing.TB) {
			t.Helper()
			t.Cleanup(func() { t.Log("first") })
			t.Cleanup(func() { t.Log("second") })
			t.Fatal(t.Name())
		}, Result{Failed: true, Stopped: true, Log: "TestFake\nsecond\nfirst\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Observe(tt.body); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
