// Package pm2compare runs the commands of every day with PM2 and with hubctl, on
// the same apps, and compares exit codes and the keys and types of jlist. What
// differs must stand in the list of intended differences with its reason, and
// what stands there must differ.
//
// HUB_PM2 names PM2's program; without it the test is skipped. Nothing of PM2 is
// installed by it: npm install --prefix DIR pm2@7.0.3 does that.
package pm2compare
