/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zoom buttons of the ladders on a page. A ladder fits the width of its figure
 * until a button gives it a width in pixels; then its box scrolls. Without
 * scripts the buttons stay hidden and the ladder fits.
 */
document.documentElement.classList.add('script');

document.querySelectorAll('figure').forEach(function (figure) {
	var svg = figure.querySelector('svg');
	var box = figure.querySelector('.scroll');
	var zoom = 0; /* 0: fits the width */
	var width;

	if (!svg || !box)
		return;
	width = svg.viewBox.baseVal.width;

	function set(value) {
		zoom = value;
		box.classList.toggle('zoomed', zoom > 0);
		svg.style.width = zoom > 0 ? width * zoom + 'px' : '';
		svg.style.height = zoom > 0 ? 'auto' : '';
	}

	function current() {
		return zoom > 0 ? zoom :
			svg.getBoundingClientRect().width / width;
	}

	/* The row in the middle of the box stays there. */
	function scale(factor) {
		var middle = box.scrollTop + box.clientHeight / 2;
		var ratio = box.scrollHeight ? middle / box.scrollHeight : 0;

		set(Math.min(6, Math.max(.2, current() * factor)));
		box.scrollTop = ratio * box.scrollHeight - box.clientHeight / 2;
	}

	figure.querySelectorAll('button').forEach(function (button) {
		button.addEventListener('click', function () {
			var value = button.dataset.zoom;

			if (value === 'fit')
				set(0);
			else
				scale(+value);
		});
	});
});
