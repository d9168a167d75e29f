package oncall_test
import ("testing";"time")
func TestZZ(t *testing.T){
 for n, z := range zones(t) { 
  for k := range 12 {
  g := newGenerator(uint64(500000+n+10000*k), z)
  if g.center.Year() < 1975 { continue }
  compareWithDumb(t, g, g.schedule(), 17*time.Minute)
 }
 }
}
