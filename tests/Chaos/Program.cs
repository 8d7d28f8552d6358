// make chaos SEED=n ROUNDS=m: see ChaosOptions.Usage and docs/reliability.md.
//   Chaos run …                                  the rounds, in namespaces of their own: whatever happens to this process, nothing is left running or mounted
//   Chaos feed DIR HOST RATE SEED BEHIND [KAFKA]        an agent without probes, for a round
//   Chaos forward DIR HOST KAFKA                 sends what an agent left in its local log
using System.Globalization;
using ECapture.Tests.Chaos;
using ECapture.Tests.Chaos.Feeding;

try
{
    switch (args)
    {
        case ["feed", string directory, string host, string rate, string seed, string behind, .. string[] kafka]:
            return await Feeder.RunAsync(new FeederOptions(
                directory, host, int.Parse(rate, CultureInfo.InvariantCulture), int.Parse(seed, CultureInfo.InvariantCulture),
                TimeSpan.FromHours(int.Parse(behind, CultureInfo.InvariantCulture)), kafka.FirstOrDefault()));
        case ["forward", string directory, string host, string kafka]:
            return await Feeder.ForwardAsync(new FeederOptions(directory, host, 0, 0, TimeSpan.Zero, kafka));
        case ["run", ..]:
            ChaosOptions options = ChaosOptions.Parse(args.AsSpan(1));
            return Enclosure.IsInside
                ? await Enclosure.StayAsync(stop => Rounds.RunAsync(options, stop))
                : await Enclosure.EnterAsync(args, ownProcesses: !options.IsReal); // probes know processes by their first names
        default:
            Console.Error.WriteLine(ChaosOptions.Usage);
            return 2;
    }
}
catch (FormatException e)
{
    Console.Error.WriteLine($"Chaos: {e.Message}\n{ChaosOptions.Usage}");
    return 2;
}
