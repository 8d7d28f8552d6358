// make test-modules ONLY='gnutls': see MatrixOptions.Usage.
//   Matrix run …                 the cells
//   Matrix resolve FILE…         what the resolver of module tls finds in libraries and programs, and how long it looks
using ECapture.Tests.Matrix;

try
{
    switch (args)
    {
        case ["resolve", .. string[] files]:
            return ResolveCommand.Run(files);
        case ["run", ..]:
            using (CancellationTokenSource stop = new())
            {
                Console.CancelKeyPress += (_, e) =>
                {
                    e.Cancel = true;
                    stop.Cancel();
                };
                return await MatrixCommand.RunAsync(MatrixOptions.Parse(args.AsSpan(1)), stop.Token);
            }

        default:
            Console.Error.WriteLine(MatrixOptions.Usage);
            return 2;
    }
}
catch (FormatException e)
{
    Console.Error.WriteLine($"Matrix: {e.Message}\n{MatrixOptions.Usage}");
    return 2;
}
