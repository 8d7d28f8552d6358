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
    ["query", .. string[] rest] => await QueryBenchmark.RunAsync(rest),
    ["capture", .. string[] rest] => await CaptureBenchmark.RunAsync(rest),
    [QueryWorker.Name, string store, string output] => await QueryWorker.RunAsync(store, output),
    [] => Math.Max(await SinkBenchmark.RunAsync(["1000000"]), await QueryBenchmark.RunAsync(["--packets", "1000000", "--events", "100000"])),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: bench [sink … | query … | capture … | redaction | stress-service …]; without arguments the sink with a million events and queries over a million packets");
    return 2;
}
