using ECapture.Benchmarks.Sink;

return args switch
{
    ["sink", .. string[] rest] => await SinkBenchmark.RunAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: bench sink [ROWS]");
    return 2;
}
