// Drives the web pages in a real Chromium: node pages.mjs ADDRESS FOLDER FROM TO
// Speaks with the test that started it by lines: says "live" when it waits for a new event, "ok" at the end.
import assert from 'node:assert/strict';
import path from 'node:path';
import { open } from './browser.mjs';

const [address, folder, from, to] = process.argv.slice(2);
const { browser, page, said } = await open();
try {
  const foreign = [];
  page.on('request', (r) => !r.url().startsWith(address) && !r.url().startsWith('blob:') && foreign.push(r.url()));

  const rows = page.locator('tbody tr');
  const note = page.locator('.note');
  const loaded = () => page.waitForFunction(() => !document.querySelector('.note').textContent.startsWith('loading'));
  const modulesShown = async () => [...new Set(await page.locator('tbody .module').allTextContents())];
  const step = (name) => console.log(`# ${name}`);

  step('the page opens on a span of time, with its events, their counts and a loss');
  const response = await page.goto(`${address}#from=${from}&to=${to}`);
  assert.match(response.headers()['content-security-policy'], /default-src 'none'/);
  await rows.first().waitFor();
  await page.locator('.timeline path').first().waitFor({ state: 'attached' });
  assert.equal(await page.locator('.timeline .loss').count(), 1);
  assert.match(await page.locator('.timeline .loss title').textContent(), /7 records lost: ring:tls, full/);
  assert.match(await page.locator('.peak').textContent(), /events, at most .* 1 losses/);
  // A gap has its length, and so has a day that retention dropped.
  const wide = async (name) => (await page.locator(`.timeline .${name}`).getAttribute('d')).match(/^M([\d.]+) 0H([\d.]+)/).slice(1).map(Number);
  const [lostFrom, lostTo] = await wide('gap');
  assert.ok(Math.abs((lostTo - lostFrom) / 1200 - 3_600_000 / (Date.parse(to) - Date.parse(from))) < 0.01, `the gap is ${lostFrom} to ${lostTo}`);
  assert.match(await page.locator('.timeline .dropped title').textContent(), /^tls: dropped by retention 2026-/);
  const [goneFrom, goneTo] = await wide('dropped');
  assert.ok(goneFrom > 0 && goneTo > goneFrom, `dropped is ${goneFrom} to ${goneTo}`);
  assert.match(await page.locator('footer').textContent(), /events in /);

  step('older events come while scrolling');
  const before = await rows.count();
  assert.equal(before, 200);
  await rows.last().scrollIntoViewIfNeeded();
  await page.waitForFunction((n) => document.querySelectorAll('tbody tr').length > n, before);

  step('completion by keyboard, and a filter');
  await page.locator('body').press('/');
  const filter = page.locator('#filter');
  assert.equal(await filter.evaluate((e) => e === document.activeElement), true);
  await filter.pressSequentially('modu');
  await page.locator('#suggestions li').first().waitFor();
  await filter.press('ArrowDown');
  await filter.press('Tab');
  await filter.press('ArrowDown');
  await filter.press('Tab');
  assert.equal(await filter.inputValue(), 'module == ');
  await filter.pressSequentially('postgres and sql ~ "drop table"');
  await filter.press('Enter');
  await page.waitForURL(/filter=/);
  await page.waitForFunction(() => [...document.querySelectorAll('tbody .module')].length > 0 && [...document.querySelectorAll('tbody .module')].every((m) => m.textContent === 'postgres'));
  assert.deepEqual(await modulesShown(), ['postgres']);
  assert.ok((await page.locator('tbody .what').allTextContents()).every((t) => t.includes('DROP TABLE')));

  step('an error of a filter points at its column');
  await filter.fill('pid == 1 and proces == "x"');
  await filter.press('Enter');
  await page.locator('.filter-error code mark').waitFor();
  assert.equal(await page.locator('.filter-error code mark').textContent(), 'p');
  assert.match(await page.locator('.filter-error').textContent(), /column 14.*did you mean 'process'/);

  step('bytes of an attacker are text');
  await filter.fill('data ~ "onerror"');
  await filter.press('Enter');
  await page.waitForFunction(() => document.querySelector('tbody .what')?.textContent.includes('onerror'));
  await page.locator('body').press('j');
  await page.locator('body').press('Enter');
  const detail = page.locator('.detail');
  await detail.waitFor();
  assert.match(await detail.locator('.payload').textContent(), /<img src=x onerror/);
  assert.equal(await page.locator('#app img').count(), 0);
  await detail.getByRole('tab', { name: 'Hex' }).click();
  assert.match(await detail.locator('.payload').textContent(), /^00000000 {2}3c 69 6d 67/);

  step('what else the process did');
  await detail.getByRole('button', { name: 'this process' }).click();
  await page.waitForURL(/pid/);
  assert.match(await filter.inputValue(), /^host == "web1" and pid == 4711$/);
  await loaded();
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length >= 1);
  await page.goBack();
  await page.waitForFunction(() => document.querySelector('#filter').value === 'data ~ "onerror"');

  step('a module alone, and a zoom');
  await filter.fill('');
  await filter.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length > 10);
  await page.locator('.chips button', { hasText: 'bash' }).click();
  await page.waitForFunction(() => [...document.querySelectorAll('tbody .module')].length > 0 && [...document.querySelectorAll('tbody .module')].every((m) => m.textContent === 'bash'));
  const chart = await page.locator('.chart').boundingBox();
  await page.mouse.move(chart.x + chart.width * 0.1, chart.y + 20);
  await page.mouse.down();
  await page.mouse.move(chart.x + chart.width * 0.6, chart.y + 20, { steps: 5 });
  await page.mouse.up();
  await page.waitForFunction((f) => !location.hash.includes(encodeURIComponent(f)), from);
  await page.goBack();
  await loaded();

  step('a session as pcapng');
  await page.goto(`${address}#from=${from}&to=${to}&modules=tls&filter=${encodeURIComponent('host == "tlshost"')}`);
  await page.reload();
  await rows.first().waitFor();
  await rows.first().click();
  await detail.getByLabel('Reason').fill('ticket 4711');
  const download = page.waitForEvent('download').catch((e) => e);
  await detail.getByRole('button', { name: 'pcapng with secrets' }).click();
  await page.waitForFunction(() => !['', 'building…'].includes(document.querySelector('.answer').textContent));
  assert.match(await detail.locator('.answer').textContent(), /^1 sessions, [1-9]/);
  await (await download).saveAs(path.join(folder, 'session.pcapng'));

  step('HTTP exchanges');
  await page.goto(`${address}#from=${from}&to=${to}`);
  await page.reload();
  await rows.first().waitFor();
  await page.locator('body').press('2');
  await page.locator('th', { hasText: 'Status' }).waitFor();
  await loaded();
  await page.waitForFunction(() => [...document.querySelectorAll('tbody .what')].some((c) => /^(shop\.example|API\.example:8443)/.test(c.textContent)));
  await filter.fill('http.status == 500 and http.host ~ "SHOP"');
  await filter.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length > 0 && [...document.querySelectorAll('tbody tr')].every((r) => r.textContent.includes('500') && r.classList.contains('trouble')));
  await page.locator('body').press('j');
  await page.locator('body').press('Enter');
  assert.match(await detail.locator('.payload').textContent(), /^GET /);
  await detail.getByRole('tab', { name: 'Response' }).click();
  assert.match(await detail.locator('.payload').textContent(), /^500/);
  assert.match(page.url(), /show=http/);

  step('connections');
  await filter.fill('');
  await filter.press('Enter');
  await loaded();
  await page.getByRole('button', { name: 'Connections' }).click();
  await page.locator('th', { hasText: 'Server name' }).waitFor();
  await loaded();
  await rows.first().waitFor();
  await filter.fill('host == "tlshost"');
  await filter.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length > 0 && [...document.querySelectorAll('tbody tr')].every((r) => r.textContent.includes('tlshost')));
  await page.locator('body').press('j');
  await page.locator('body').press('Enter');
  await detail.getByRole('button', { name: 'both ends' }).click();
  await page.locator('th', { hasText: 'What' }).waitFor();
  assert.doesNotMatch(page.url(), /show=/);
  await loaded();
  await page.goBack();
  await page.locator('th', { hasText: 'Server name' }).waitFor();

  step('SQL by kind, by keyboard, and the statements of one kind');
  await filter.fill('');
  await filter.press('Enter');
  await loaded();
  await page.locator('body').press('4');
  await page.locator('th', { hasText: 'Newest statement' }).waitFor();
  await page.waitForURL(/show=statements/);
  await rows.first().waitFor();
  const counts = (await page.locator('tbody td:first-child').allTextContents()).map((t) => Number(t.replace(/\D/g, '')));
  assert.ok(counts.length > 1 && counts.every((n, i) => n > 0 && (i === 0 || n <= counts[i - 1])), `the most frequent first: ${counts}`);
  await page.locator('body').press('j');
  await page.locator('body').press('Enter');
  await page.locator('th', { hasText: 'What' }).waitFor();
  await page.waitForURL(/modules=(postgres|mysqld)/);
  assert.match(await filter.inputValue(), /^sql_fingerprint == [0-9a-f]{16}$/);
  await page.waitForFunction((n) => document.querySelectorAll('tbody tr').length === n, Math.min(counts[0], 200));
  await page.goBack();
  await page.locator('th', { hasText: 'Newest statement' }).waitFor();
  await loaded();

  step('dark and light');
  await page.locator('body').press('t');
  const first = await page.evaluate(() => document.documentElement.dataset.theme);
  await page.locator('body').press('t');
  assert.deepEqual([first, await page.evaluate(() => document.documentElement.dataset.theme)].sort(), ['dark', 'light']);

  step('live');
  await page.goto(`${address}#back=3600000&modules=bash`);
  await page.reload();
  await loaded();
  await page.locator('body').press('l');
  await page.waitForFunction(() => document.querySelector('.live').getAttribute('aria-pressed') === 'true');
  console.log('live');
  await page.waitForFunction(() => document.querySelector('tbody .what')?.textContent.includes('typed just now'));
  await page.locator('body').press('l');

  step('keys are explained');
  await page.locator('body').press('?');
  await page.getByRole('dialog', { name: 'Help' }).waitFor();
  await page.keyboard.press('Escape');

  // The refused filter is an answer with an error status, which the browser notes by itself.
  const errors = said.filter((t) => !(t.includes('400 (Bad Request)') && t.includes('proces')));
  assert.deepEqual(errors, []);
  assert.deepEqual(foreign, []);
  assert.notEqual(await note.textContent(), 'loading…');
  console.log('ok');
} finally {
  await browser.close();
}
