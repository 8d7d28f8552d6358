using ECapture.Benchmarks.Query;
using ECapture.Benchmarks.Sink;

return args switch
{
    ["sink", .. string[] rest] => await SinkBenchmark.RunAsync(rest),
    ["pcapng", .. string[] rest] => await PcapngBenchmark.RunAsync(rest),
    [PcapngWorker.Name, string store, string output] => await PcapngWorker.RunAsync(store, output),
    [] => Math.Max(await SinkBenchmark.RunAsync([]), await PcapngBenchmark.RunAsync([])),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: bench [sink [ROWS] | pcapng [MEGABYTES]]; without arguments both");
    return 2;
}
