package e2e_test
import ("testing";"os";"strings";"github.com/spanroute/spanroute/e2e/samples")
func TestZZ(t *testing.T){
 for i:=0;i<15;i++{
  spans := samples.Many(samples.NewTraceID(), 10_000)
  d:=open(t,"tracing: {exporter_type: jaeger}")
  d.deliver(spans)
  n,_:=jaeger.Count(t.Context(), traceOf(spans), 10000)
  b,_:=os.ReadFile("/proc/net/snmp"); l,_:=os.ReadFile("/proc/loadavg")
  i:=strings.LastIndex(string(b),"Udp: "); u:=strings.Split(string(b)[i:],"\n")[0]
  t.Log(n,u,strings.TrimSpace(string(l)))
 }
}
