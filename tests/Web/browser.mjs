// A real Chromium, and what its pages complain of.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const patience = 60_000;

export async function open(options = {}) {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => existsSync(p));
  if (!executablePath) throw new Error('chromium is missing: run `make setup`, or: apt-get install chromium');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, acceptDownloads: true, ...options });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const said = [];
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && said.push(`${m.type()}: ${m.text()} ${m.location().url}`));
  page.on('pageerror', (e) => said.push(`page error: ${e.message}`));
  return { browser, page, said };
}
