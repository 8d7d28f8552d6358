using ECapture.Cli;
using ECapture.Cli.Supervision;

InterruptSignal.Restore();
return await EntryPoint.RunAsync(args, Console.Out, Console.Error);
