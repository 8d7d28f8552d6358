using ECapture.Benchmarks.Capture;
using ECapture.Benchmarks.Policies;
using ECapture.Benchmarks.Query;
using ECapture.Benchmarks.Service;
using ECapture.Benchmarks.Sink;

return args switch
{
    ["sink", .. string[] rest] => await SinkBenchmark.RunAsync(rest),
    [SinkBenchProcess.Name, .. string[] rest] => await SinkBenchProcess.RunAsync(rest),
    ["redaction"] => RedactionBenchmark.Run(),
    ["stress-service", .. string[] rest] => await ServiceStress.RunAsync(rest),
    ["pcapng", .. string[] rest] => await PcapngBenchmark.RunAsync(rest),
    ["capture", .. string[] rest] => await CaptureBenchmark.RunAsync(rest),
    [PcapngWorker.Name, string store, string output] => await PcapngWorker.RunAsync(store, output),
    [] => Math.Max(await SinkBenchmark.RunAsync(["1000000"]), await PcapngBenchmark.RunAsync([])),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: bench [sink … | pcapng [MEGABYTES] | capture … | redaction | stress-service …]; without arguments both, the sink with a million events");
    return 2;
}
